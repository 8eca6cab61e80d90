"""Who looks at rows on their way in: each file here has a say in `prepare` and in `predict`.

What such a file may hold: `screen(root)` for prepare, `gate(args)` and `add_arguments(parser)` for
predict; see screening.py for what the first two return, or None.
"""
