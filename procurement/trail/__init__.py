"""The audit trail to be read: narrowed, told in sentences, masked, taken along as a file. It keeps nothing."""
