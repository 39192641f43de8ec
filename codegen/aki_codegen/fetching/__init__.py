"""Over the network: which hub is asked, and its documents, which are not trusted."""
