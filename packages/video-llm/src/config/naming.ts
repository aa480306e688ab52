/** The two ways checkpoints are published: the authors' own, and today's Hugging Face transformers'. */
export type Naming = "original" | "huggingface";
