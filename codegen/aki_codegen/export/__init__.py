"""What other tools read about a hub, made from the same IR and schemas as the client. Values in, texts out."""
