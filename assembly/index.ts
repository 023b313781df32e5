// What the artifact exports: memory, and every kernel.

export * from "./memory/allocator";
export { setScratch } from "./memory/scratch";
export * from "./kernels/activation";
export * from "./kernels/arithmetic";
export * from "./kernels/cast";
export * from "./kernels/clamp";
export * from "./kernels/compare";
export * from "./kernels/elementary";
export * from "./kernels/difference";
export * from "./kernels/entropy";
export * from "./kernels/fill";
export * from "./kernels/gather";
export * from "./kernels/gelu";
export * from "./kernels/gemm";
export * from "./kernels/loss";
export * from "./kernels/pointwise";
export * from "./kernels/random";
export * from "./kernels/reduce";
export * from "./kernels/sample";
export * from "./kernels/scan";
export * from "./kernels/scatter";
export * from "./kernels/select";
export * from "./kernels/softmax";
export * from "./kernels/sort";
export * from "./kernels/triangle";
export * from "./kernels/where";
