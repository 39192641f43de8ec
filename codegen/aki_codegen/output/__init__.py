"""Files and folders: what is there, one run at a time, and writing that is whole or has not happened."""
