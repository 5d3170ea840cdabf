"""What the centre answers over HTTP, one package for each purpose."""
