UPDATE derivatives SET outdated = FALSE WHERE outdated;
