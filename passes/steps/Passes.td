// Phase `steps`: one function with static shapes for each entry and number of rows.
#ifndef TENON_STEPS_PASSES
#define TENON_STEPS_PASSES

include "mlir/Pass/PassBase.td"

def InstantiateSteps : Pass<"instantiate-steps", "::mlir::ModuleOp"> {
  let summary = "Copy the entries once for each bucket of rows, with static shapes";
  let description = [{
    `@body` and `@head` (functions with `model.entry`) become `@body_16`, `@head_1`, ... with `model.rows`. A body of N rows takes
    min(N, sequences) segments, sequences being the rows of its block table; every head reads the hidden rows of the largest body.
  }];
  let options = [ListOption<"bodyRows", "body-rows", "int64_t", "row counts of the body, ascending">,
                 ListOption<"headRows", "head-rows", "int64_t", "row counts of the head, ascending">];
}

def VerifySteps : Pass<"verify-steps", "::mlir::ModuleOp"> {
  let summary = "Check what the phase `steps` promises";
  let description = [{
    Every function is an entry with `model.rows`, one for each pair of entry and rows; its arguments and results are the entry's
    (passes/Entries.h), and every type is static.
  }];
}

#endif
