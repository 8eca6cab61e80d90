"""Take newer versions of the template in: a pull request by a bot, or a merge by hand."""
