"""Sales: flash sales and buying, from the click to the hold."""
