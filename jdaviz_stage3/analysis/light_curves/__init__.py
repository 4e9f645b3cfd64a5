"""Light curves of spectral time series: bands, time stamps, noise, models, export."""
