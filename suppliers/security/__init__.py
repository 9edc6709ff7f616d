"""What guards people and the trail: security events and their page, a person's own data, erasure, security.txt."""
