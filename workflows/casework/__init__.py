"""What a case knows and decides, without any engine: fed with answers and words, it says what to do next."""
