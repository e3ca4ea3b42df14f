"""Words in, commands out; read models in, words out."""
