"""The pages of onboarding: who stands where, whom to invite, what is asked; and a supplier's own way in."""
