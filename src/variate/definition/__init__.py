"""Define: experiments and flags, their life, their owners, and the log of every change."""
