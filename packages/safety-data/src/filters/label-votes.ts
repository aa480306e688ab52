import { type Agreement, agreementOf } from "../agreement/agreement.js";
import { strictMajority } from "../agreement/strict-majority.js";
import type { SafetyLabel } from "../taxonomy/safety-label.js";

/** What a judge said of a query: a label, or null where it said neither. */
export type LabelVote = SafetyLabel | null;

/** What several judges decided. */
export type LabelDecision =
  | { readonly kind: "agreed"; readonly label: SafetyLabel; readonly by: "majority" | "tie-breaker" }
  | { readonly kind: "undecided" };

/**
 * The label that more than half of all judges gave; a judge that gave none counts as a judge. Where no label has that majority, the tie-breaker's
 * label, if there is one; nobody else breaks a tie.
 *
 * @param tieBreaker its vote; undefined where there is none
 */
export function decideLabel(votes: readonly LabelVote[], tieBreaker?: LabelVote): LabelDecision {
  const majority = strictMajority(
    votes.filter((vote) => vote !== null),
    votes.length,
  );
  if (majority !== undefined) return { kind: "agreed", label: majority, by: "majority" };
  if (tieBreaker === 0 || tieBreaker === 1) return { kind: "agreed", label: tieBreaker, by: "tie-breaker" };
  return { kind: "undecided" };
}

/** Agreement of judges with each other, and of each with the labels that the records were made for. */
export interface VoteAgreement {
  /** Between the judges. */
  readonly between: Agreement;
  /** Per judge: votes given, and the share of them that is the intended label; null without votes. */
  readonly withIntended: Readonly<Record<string, { readonly votes: number; readonly share: number | null }>>;
}

/** Statistics of votes on records with intended labels. */
export function voteAgreement(
  judges: readonly string[],
  rows: readonly { readonly intended: SafetyLabel; readonly votes: readonly LabelVote[] }[],
): VoteAgreement {
  const between = agreementOf(rows.map(({ votes }) => votes.map((vote) => (vote === null ? null : String(vote)))));
  const withIntended = Object.fromEntries(
    judges.map((judge, i) => {
      const given = rows.filter(({ votes }) => votes[i] != null);
      const right = given.filter(({ intended, votes }) => votes[i] === intended).length;
      return [judge, { votes: given.length, share: given.length === 0 ? null : right / given.length }];
    }),
  );
  return { between, withIntended };
}
