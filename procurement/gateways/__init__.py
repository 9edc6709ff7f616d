"""Outside systems that talk to us: carriers and transport systems tell of the way (X12 214, IFTSTA), warehouse systems
of what they counted (X12 861, RECADV). Each is a gateway with a secret of its own.
"""
