"""The offline model's text: `writer` answers a request with categories or items.

`request` reads what is asked, `wish` what a user's own words mean, `lexicon` loads the words. `figure` draws one
figure; `names` and `prose` write its name, its image prompt and its description; `categories` writes categories.
"""
