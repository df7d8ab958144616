"""From a folder of texts to a pretrained model, on one's own machine."""
