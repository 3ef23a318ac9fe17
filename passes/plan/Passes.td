// Phase `plan`: where every byte lies and in which order kernels run.
#ifndef TENON_PLAN_PASSES
#define TENON_PLAN_PASSES

include "mlir/Pass/PassBase.td"

def PlanMemory : Pass<"plan-memory", "::mlir::ModuleOp"> {
  let dependentDialects = ["::tenon::engine::EngineDialect"];
  let summary = "Replace the entries by one engine.variant with every address decided";
  let description = [{
    Weights lie as passes/plan/WeightLayout.h says, caches one after another, step inputs and outputs at fixed places sized for the
    largest bucket, and all activations in one arena that every program uses from the start. A buffer lives from the launch that
    writes it to the last that reads it; buffers are placed largest first, each in the smallest gap that is free during its life. Results of an entry are
    written straight to their io buffer.
  }];
}

def VerifyPlan : Pass<"verify-plan", "::mlir::ModuleOp"> {
  let summary = "Check what the phase `plan` promises";
  let description = [{
    Every launch passes one slice of the right size for each operand and result of its kernel.func, writes no weight, and no launch
    overwrites bytes that it reads. A slice of the arena that is read was last written as the same slice, and a slice of the io
    region is the first rows of an engine.io.
  }];
}

#endif
