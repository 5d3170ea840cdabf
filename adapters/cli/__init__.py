"""The one command line: commands in groups, one file each; how they speak and how they fail is the same for all."""
