"""The centre's procedures. They read like its manual, are deterministic, and import the domain only."""
