"""What people see of a case: pure functions of the case, no workflow API, no clock of their own."""
