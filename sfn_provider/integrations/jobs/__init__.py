"""Jobs: started, found again after a lost worker, polled until they have ended."""
