// Compares the results of the libraries on a workload, and marks those that differ.
import { difference } from "./workloads/data.mjs";

/**
 * Gives each record that has results `compared`, the library it was compared with, and `worst`, the largest relative
 * difference; one beyond the workload's tolerance becomes "mismatch". The reference is PyTorch, else wengert.
 */
export function judge(records, workload) {
  const { tolerance } = workload.build(workload.tiny);
  const ok = records.filter(({ status }) => status === "ok");
  const reference = ok.find(({ library }) => library === "torch") ?? ok.find(({ library }) => library === "wengert");
  for (const record of ok) {
    if (reference === undefined || record === reference) continue;
    const expected = new Map(reference.results);
    const differences = record.results.map(([name, result]) =>
      expected.has(name) ? difference(result, expected.get(name)) : Number.POSITIVE_INFINITY,
    );
    record.compared = reference.library;
    record.worst = Math.max(...differences);
    if (record.worst > tolerance) record.status = "mismatch";
  }
  // What was compared is not kept: it would be most of the file.
  for (const record of records) delete record.results;
}
