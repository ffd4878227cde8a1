"""The actions of AWS's services that Task states call, with the fields and types of their parameters."""
