"""What is kept on this machine's disk: the SQLite file under journals and ledgers."""
