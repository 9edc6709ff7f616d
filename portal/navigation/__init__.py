"""Where one may go: the rail, its tabs and the page of what is set up once, as data of each side.

`ways` says what a way is, `company` and `supplier` list them, `counts` says what waits, `building` makes what
templates/base.html reads, `views` is the page "Set-up".
"""
