"""What a supplier's mail says: from the bytes of one mail to drafts of promises, each with the words it came from.

Pure: no table, no page, no outside service. `reader.read_mail` is the only door; see docs/mail-reading.md.
"""
