"""What editors show of the generated package, asked of the language servers that stand behind them."""
