"""Going live: who may publish and who may play, the WHIP, WHEP and HLS doors, and what a lost picture does."""
