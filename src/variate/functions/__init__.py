"""The guide's functions, with its names, parameters, defaults and result shapes, acting on ``default_platform()``.

Results are plain dicts and lists that ``json.dumps`` takes as they are; decisions, of which a program makes very many,
are ``Decision`` values.
"""
