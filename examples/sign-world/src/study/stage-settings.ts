/** Settings of stages 1 to 4 on the world: the demo and the study train with the same. Tuned on the development draw. */
export const STAGE_SETTINGS = {
  /** Training records of stages 1 and 2, of stage 3; prompts of stage 4. */
  records: { stages1And2: 480, stage3: 5000, stage4: 200 },
  /** Alarm tokens and language model, language loss only. */
  stage1: { epochs: 1, batchSize: 16, learningRate: 5e-4, alarmLearningRate: 5e-3 },
  /** The classification losses are added. */
  stage2: {
    epochs: 2,
    batchSize: 16,
    learningRate: 5e-4,
    alarmLearningRate: 5e-3,
    lambdaVisual: 0.1,
    lambdaTextual: 1,
  },
  /** Tagged completions with reasoning. */
  stage3: { epochs: 2, batchSize: 16, learningRate: 1e-3 },
  /** Safety-guided GRPO. */
  stage4: { steps: 20, promptsPerStep: 8, numGenerations: 6, learningRate: 3e-4, beta: 0.04 },
  /** Longest completion, in tokens. */
  maxNewTokens: 128,
} as const;
