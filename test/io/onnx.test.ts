// ONNX files run in onnxruntime-web, and give what the modules give here.

import { describe, expect, it } from "vitest";
import * as wengert from "../../src/entries/node.js";
import { Call, check, compare, type Tensor } from "./onnx-run.js";

const { nn, io, randn, tensor, manualSeed } = wengert;
const F = nn.functional;

class Block extends nn.Module {
  conv1 = new nn.Conv2d(4, 4, 3, { padding: 1, bias: false });
  bn1 = new nn.BatchNorm2d(4);
  conv2 = new nn.Conv2d(4, 8, 3, { padding: 1, stride: 2, bias: false });
  bn2 = new nn.BatchNorm2d(8);
  down = new nn.Sequential(new nn.Conv2d(4, 8, 1, { stride: 2, bias: false }), new nn.BatchNorm2d(8));
  pool = new nn.AdaptiveAvgPool2d(1);
  head = new nn.Linear(8, 3);
  override forward(x: Tensor): Tensor {
    const y = this.bn2.call(this.conv2.call(F.relu(this.bn1.call(this.conv1.call(x)), { inplace: true })));
    return this.head.call(this.pool.call(F.relu(y.add(this.down.call(x)))).flatten(1));
  }
}

describe("modules", () => {
  it("an MLP, whose parameters keep their names, and whose modes come back", async () => {
    manualSeed(0);
    const model = new nn.Sequential(new nn.Linear(4, 8), new nn.GELU(), new nn.Dropout(0.5), new nn.Linear(8, 3));
    const [first] = model;
    (first as InstanceType<typeof nn.Module>).eval();
    const bytes = io.exportOnnx(model, randn([5, 4]));
    expect(model.training).toBe(true);
    expect((first as InstanceType<typeof nn.Module>).training).toBe(false);
    const text = new TextDecoder("latin1").decode(bytes);
    for (const name of Object.keys(model.stateDict())) expect(text).toContain(name);
    for (const opset of [18, 19, 20]) await check(model, [randn([5, 4])], { opset });
  });

  it("convolutional nets, the last one that of examples/convolution", async () => {
    manualSeed(0);
    const net = new nn.Sequential(
      new nn.Conv2d(1, 8, 3, { padding: 1 }),
      new nn.BatchNorm2d(8),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Conv2d(8, 16, 3),
      new nn.SiLU(),
      new nn.AvgPool2d(2),
      new nn.Flatten(),
      new nn.Linear(16, 10),
      new nn.LogSoftmax(1),
    );
    await check(net, [randn([3, 1, 8, 8])], { dynamicAxes: { x0: [0] } });
    const digits = new nn.Sequential(
      new nn.Conv2d(1, 32, 3, { padding: 1 }),
      new nn.BatchNorm2d(32),
      new nn.ReLU(),
      new nn.Conv2d(32, 32, 3, { padding: 1 }),
      new nn.BatchNorm2d(32),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Conv2d(32, 64, 3, { padding: 1 }),
      new nn.BatchNorm2d(64),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Dropout(0.3),
      new nn.Linear(256, 10),
    );
    const bytes = await check(digits, [randn([2, 1, 8, 8])], { dynamicAxes: { x0: { 0: "batch" } } });
    await compare(digits, bytes, ["x0"], [randn([7, 1, 8, 8])]);
  });

  it("a residual block with batch norm", async () => {
    manualSeed(0);
    const block = new Block();
    block.call(randn([8, 4, 6, 6]));
    const bytes = await check(block, [randn([2, 4, 6, 6])], { dynamicAxes: { x0: { 0: "batch" } } });
    await compare(block, bytes, ["x0"], [randn([5, 4, 6, 6])]);
  });

  it("recurrent nets, unrolled", async () => {
    manualSeed(0);
    const lstm = new nn.LSTM(3, 4, { numLayers: 2, bidirectional: true, batchFirst: true });
    const bytes = await check(lstm, [randn([2, 5, 3])], { dynamicAxes: { x0: { 0: "batch" } } });
    await compare(lstm, bytes, ["x0"], [randn([4, 5, 3])]);
    await check(new nn.GRU(3, 4), [randn([5, 2, 3]), randn([1, 2, 4])]);
    await check(new nn.RNN(3, 4, { nonlinearity: "relu" }), [randn([5, 2, 3])]);
    await check(new nn.LSTM(3, 4), [randn([5, 2, 3]), [randn([1, 2, 4]), randn([1, 2, 4])]]);
    await check(new nn.GRUCell(3, 4), [randn([2, 3])]);
  });

  it("transformer layers", async () => {
    manualSeed(0);
    const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
    const bytes = await check(layer, [randn([2, 5, 8])], { dynamicAxes: { x0: { 0: "batch" } } });
    await compare(layer, bytes, ["x0"], [randn([3, 5, 8])]);
    await check(new nn.TransformerEncoderLayer(8, 2, { activation: "gelu", normFirst: true }), [randn([5, 2, 8])]);
    await check(new nn.TransformerDecoderLayer(8, 2, { dimFeedforward: 16 }), [randn([4, 2, 8]), randn([5, 2, 8])]);
    await check(new Call((q, k, v) => F.scaledDotProductAttention(q, k, v, { isCausal: true })), [
      randn([2, 2, 4, 3]),
      randn([2, 2, 4, 3]),
      randn([2, 2, 4, 3]),
    ]);
  });

  it("embeddings and norms", async () => {
    manualSeed(0);
    const model = new nn.Sequential(new nn.Embedding(7, 4), new nn.LayerNorm(4));
    const index = tensor(
      [
        [0, 3, 6],
        [1, 2, 5],
      ],
      { dtype: "int32" },
    );
    const bytes = await check(model, [index], { dynamicAxes: { x0: { 0: "batch", 1: "length" } } });
    await compare(
      model,
      bytes,
      ["x0"],
      [
        tensor(
          [
            [4, 3],
            [2, 1],
            [6, 0],
          ],
          { dtype: "int32" },
        ),
      ],
    );
    await check(new nn.Sequential(new nn.GroupNorm(2, 4), new nn.InstanceNorm2d(4, { affine: true })), [
      randn([2, 4, 3, 3]),
    ]);
    await check(new nn.Sequential(new nn.RMSNorm(4), new nn.LayerNorm([3, 4])), [randn([2, 3, 4])]);
    await check(new nn.LocalResponseNorm(3), [randn([2, 4, 3, 3])]);
    await check(new nn.BatchNorm1d(4), [randn([2, 4])]);
  });

  it("convolutions of other ranks, transposed ones, pooling", async () => {
    manualSeed(0);
    await check(new nn.Conv1d(2, 4, 3, { groups: 2, dilation: 2, padding: 1 }), [randn([2, 2, 9])]);
    await check(new nn.Conv3d(2, 3, 2, { stride: 2 }), [randn([1, 2, 4, 4, 4])]);
    await check(new nn.ConvTranspose2d(2, 4, 3, { stride: 2, padding: 1, outputPadding: 1, groups: 2 }), [
      randn([2, 2, 4, 4]),
    ]);
    await check(new nn.ConvTranspose1d(2, 3, 4, { stride: 2 }), [randn([2, 5])]);
    await check(new nn.Conv2d(2, 2, 3, { padding: 1, paddingMode: "reflect" }), [randn([1, 2, 5, 5])]);
    await check(new nn.MaxPool2d(3, { stride: 2, padding: 1, ceilMode: true }), [randn([1, 2, 6, 7])]);
    await check(new nn.MaxPool1d(2, { returnIndices: true }), [randn([2, 3, 6])]);
    await check(new nn.AvgPool2d(3, { stride: 2, padding: 1 }), [randn([1, 2, 6, 6])]);
    await check(new nn.AvgPool2d(3, { stride: 2, padding: 1, countIncludePad: false, ceilMode: true }), [
      randn([1, 2, 6, 6]),
    ]);
    await check(new nn.AdaptiveAvgPool2d([3, 2]), [randn([1, 2, 7, 4])]);
    await check(new nn.AdaptiveMaxPool2d([3, 2]), [randn([1, 2, 7, 5])]);
    await check(new nn.Upsample({ scaleFactor: 2 }), [randn([1, 2, 3, 3])]);
    await check(new nn.PixelShuffle(2), [randn([1, 4, 3, 3])]);
  });

  it("activations", async () => {
    manualSeed(0);
    const x = randn([3, 5]).mul(3);
    const layers = [
      new nn.GELU({ approximate: "tanh" }),
      new nn.ELU(0.5),
      new nn.CELU(0.7),
      new nn.SELU(),
      new nn.Mish(),
      new nn.SiLU(),
      new nn.LeakyReLU(0.2),
      new nn.PReLU(),
      new nn.Softplus({ beta: 2, threshold: 3 }),
      new nn.Hardtanh(),
      new nn.Hardsigmoid(),
      new nn.Hardswish(),
      new nn.Hardshrink(),
      new nn.Softshrink(),
      new nn.Threshold(0.1, 5),
      new nn.LogSigmoid(),
      new nn.Tanhshrink(),
      new nn.Softsign(),
      new nn.ReLU6(),
      new nn.Softmax(1),
      new nn.Softmin(1),
      new nn.LogSoftmax(1),
      new nn.Sigmoid(),
      new nn.Tanh(),
    ];
    await check(new Call((input) => layers.map((layer) => (layer as InstanceType<typeof nn.ReLU>).call(input))), [x]);
    await check(new nn.GLU(), [randn([3, 6])]);
  });
});

describe("operators", () => {
  it("slices, joins and choices", async () => {
    manualSeed(0);
    const f = (x: Tensor, y: Tensor) => {
      const left = x.narrow(1, 1, 3);
      const [a, b] = wengert.split(y, 2, 1) as [Tensor, Tensor];
      const joined = wengert.cat([left, a, b], 1);
      const chosen = wengert.where(joined.gt(0), joined, wengert.mul(joined, 0.5));
      return [chosen, x.select(0, -1), wengert.stack([a, b]), chosen.t().flip([0]), y.unsqueeze(0).expand([3, 2, 4])];
    };
    await check(new Call(f), [randn([2, 5]), randn([2, 4])]);
  });

  it("views, rolls, indices and windows", async () => {
    manualSeed(0);
    const index = tensor([2, 0, 1, 2], { dtype: "int32" });
    await check(
      new Call((x, i) => [
        x.permute([2, 0, 1]).reshape([4, 6]),
        x.movedim(0, 2),
        wengert.diagonal(x, { dim1: 1, dim2: 2 }),
        x.unfold(2, 2, 1),
        wengert.roll(x, 1, 2),
        wengert.tril(x),
        wengert.indexSelect(x, 1, i),
        wengert.gather(x, 1, x.argsort(1)),
        wengert.unbind(x, 0),
        F.pad(x, [1, 2, 0, 1], { value: 3 }),
        F.pad(x, [1, 1], { mode: "replicate" }),
        x.repeat([2, 1, 1]),
        x.chunk(2, 2),
        x.squeeze(),
        wengert.einsum("bij,bkj->bik", x, x),
      ]),
      [randn([2, 3, 4]), index],
    );
  });

  it("arithmetic, comparisons, logic and casts", async () => {
    manualSeed(0);
    await check(
      new Call((x, y, n) => [
        x.add(y, { alpha: 2 }),
        x.div(y),
        x.pow(2),
        x.abs().sqrt(),
        x.exp().log1p(),
        x.mul(0.01).expm1(),
        x.remainder(0.7),
        x.fmod(0.7),
        x.floorDivide(0.3),
        x.round(),
        x.trunc(),
        x.frac(),
        x.sign(),
        x.rsub(1),
        x.maximum(y),
        x.clamp(-0.5, 0.5),
        x.clamp({ min: 0 }),
        x.clamp({ max: 0.2 }),
        x.erf(),
        x.sin().cos(),
        x.atan(),
        x.sigmoid().log2(),
        x.reciprocal(),
        x.abs().rsqrt(),
        x.gt(y),
        x.ne(0),
        x.isnan(),
        wengert.logicalAnd(x.gt(0), y.gt(0)),
        wengert.logicalNot(x.gt(0)),
        wengert.bitwiseOr(x.gt(0), y.gt(0)),
        n.add(1),
        n.remainder(3),
        n.floorDivide(2),
        n.div(2),
        n.to("float32").mul(x),
        x.gt(0).to("int32"),
        n.add(x),
        x.maskedFill(y.gt(0), -1),
        wengert.lerp(x, y, 0.3),
        wengert.addcmul(x, x, y, { value: 0.5 }),
        wengert.logaddexp(x, y),
      ]),
      [randn([3, 4]), randn([3, 4]), tensor([-5, 3, 2, 7], { dtype: "int32" })],
    );
  });

  it("reductions, scans and sorting", async () => {
    manualSeed(0);
    await check(
      new Call((x) => [
        x.sum(),
        x.sum(1),
        x.mean([0, 2], true),
        x.prod(1),
        x.amax(1),
        x.amin([0, 1]),
        x.max(1),
        x.min(2, true),
        x.max(),
        x.argmax(1),
        x.argmax(),
        x.var(1),
        x.std(2),
        wengert.varMean(x, 1),
        x.logsumexp(1),
        x.norm(),
        wengert.linalg.vectorNorm(x, 1, 1),
        x.cumsum(1),
        x.topk(2, 1),
        x.sort(2, true),
        x.gt(0).any(1),
        x.gt(0).all(),
        x.softmax(0),
        x.gt(0).sum(),
      ]),
      [randn([2, 3, 4])],
    );
  });

  it("matrix products", async () => {
    manualSeed(0);
    await check(
      new Call((x, y, v) => [
        x.matmul(y),
        x.matmul(v),
        v.dot(v),
        wengert.addmm(y, x.select(0, 0), y, { alpha: 2, beta: 0.5 }),
        x.bmm(x),
        F.linear(x, y.t(), v),
        wengert.outer(v, v),
        v.matmul(y),
      ]),
      [randn([2, 3, 3]), randn([3, 3]), randn([3])],
    );
  });

  it("writes in place of whole tensors", async () => {
    await check(
      new Call((x) => {
        const y = x.mul(2);
        y.add_(1);
        const z = y.detach().exp();
        const filled = x.mul(3).fill_(2);
        return [F.relu_(y), z, x, filled.add(x.neg().zero_())];
      }),
      [randn([3])],
    );
  });
});
