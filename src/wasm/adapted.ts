// Kernels for dtypes that have none of their own: another dtype's, on temporaries.

import { BLOCK_BYTES, type Narrow, narrowOperands, recordOf } from "./block.js";
import { allocate, release, views } from "./memory.js";
import { aside } from "./recording.js";
import { run } from "./run.js";
import { kernelOf } from "./table.js";
import { bytesOf, castName, computesAs, type DType } from "./words.js";

type Kernel = (block: number, begin: number, end: number) => void;

const adaptations = /* @__PURE__ */ new WeakSet<Kernel>();

/** Bytes of an element of `dtype` as a kernel sees it: for parameters that are strides. */
export function bytesIn(kernel: Kernel, dtype: DType): number {
  return bytesOf((adaptations.has(kernel) ? computesAs(dtype) : null) ?? dtype);
}

let own = 0;

/** Casts `count` elements that lie one behind the other. */
function castRun(from: DType, to: DType, source: number, target: number, count: number): void {
  if (own === 0) own = aside(() => allocate("launch", BLOCK_BYTES));
  const words = views.i32;
  const at = own >>> 2;
  words[at] = 0;
  words[at + 1] = 1;
  words[at + 2] = 2;
  const record = recordOf(own, 1, 0);
  words[record - 1] = count;
  words[record] = target;
  words[record + 1] = bytesOf(to);
  words[record + 2] = source;
  words[record + 3] = bytesOf(from);
  run(kernelOf(castName(from, to)) as Kernel, own, count, false);
}

/** Points an operand of a block at `address`, its strides scaled from one element size to another. */
function redirect(block: number, operand: number, address: number, from: number, to: number): void {
  const words = views.i32;
  const rank = words[(block >>> 2) + 1] as number;
  const record = recordOf(block, rank, operand);
  words[record] = address;
  for (let d = 1; d <= rank; d++) words[record + d] = ((words[record + d] as number) / from) * to;
}

/** An operand, the dtype it computes as, and where it is meanwhile. */
interface Visit extends Narrow {
  readonly as: DType;
  /** Address of the first element that the kernel was to see. */
  readonly pointer: number;
  temporary: number;
}

/**
 * A kernel that runs another on operands cast to the dtypes that they compute as, and casts results back. An operand is
 * cast whole, from its lowest address to its highest, so that every stride means what it did; what lies between its
 * elements comes back as it was. Results go last: what they share with inputs is theirs.
 */
export function adapted(kernel: Kernel): Kernel {
  const adaptation = (block: number, _begin: number, end: number): void => {
    const { operands, results } = narrowOperands();
    const rank = views.i32[(block >>> 2) + 1] as number;
    const visits: Visit[] = operands.map((operand) => ({
      ...operand,
      as: computesAs(operand.dtype) as DType,
      pointer: views.u32[recordOf(block, rank, operand.operand)] as number,
      temporary: 0,
    }));
    try {
      for (const visit of visits) visit.temporary = allocate("launch", visit.count * bytesOf(visit.as));
      for (const { operand, dtype, as, start, count, pointer, temporary } of visits) {
        castRun(dtype, as, start, temporary, count);
        const first = temporary + ((pointer - start) / bytesOf(dtype)) * bytesOf(as);
        redirect(block, operand, first, bytesOf(dtype), bytesOf(as));
      }
      // The range is whole: nobody cuts that of a kernel which is no export of the artifact.
      run(kernel, block, end, true);
      for (const { operand, dtype, as, start, count, pointer, temporary } of visits.reverse()) {
        redirect(block, operand, pointer, bytesOf(as), bytesOf(dtype));
        if (operand < results) castRun(as, dtype, temporary, start, count);
      }
    } finally {
      for (const { temporary } of visits) if (temporary !== 0) release(temporary);
    }
  };
  adaptations.add(adaptation);
  return adaptation;
}
