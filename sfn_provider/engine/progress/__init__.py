"""What the engine keeps of an execution between two events, as data that JSON can store."""
