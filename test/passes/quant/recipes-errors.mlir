// Every mistake in a recipe says what is known.
// RUN: not tenon-opt %s --set-weight-formats='format="int4_wo:g48"' 2>&1 | FileCheck %s --check-prefix=GROUP
// GROUP: weight format "int4_wo:g48": group is 48, expected 32, 64 or 128
// RUN: not tenon-opt %s --set-weight-formats='format="int4_wo:sym"' 2>&1 | FileCheck %s --check-prefix=OPTION
// OPTION: weight format "int4_wo:sym": unknown option "sym", expected g32, g64, g128 or asym
// RUN: not tenon-opt %s --set-weight-formats='format="int4_wo:"' 2>&1 | FileCheck %s --check-prefix=NOTHING
// NOTHING: weight format "int4_wo:": unknown option "", expected g32
// RUN: not tenon-opt %s --set-weight-formats='format="int4_wo:g128,g64"' 2>&1 | FileCheck %s --check-prefix=GROUPS
// GROUPS: weight format "int4_wo:g128,g64": "g64" is one too many, expected at most one group and asym once
// RUN: not tenon-opt %s --set-weight-formats='format="int4_wo:asym,g64,asym"' 2>&1 | FileCheck %s --check-prefix=ASYMS
// ASYMS: weight format "int4_wo:asym,g64,asym": "asym" is one too many
// RUN: not tenon-opt %s --set-weight-formats='format="int4_wo:g64,sym"' 2>&1 | FileCheck %s --check-prefix=LATER
// LATER: weight format "int4_wo:g64,sym": unknown option "sym"
// RUN: not tenon-opt %s --set-weight-formats='format="q4_0:g32"' 2>&1 | FileCheck %s --check-prefix=FIXED
// FIXED: weight format "q4_0:g32": q4_0 takes no options
// RUN: not tenon-opt %s --set-weight-formats='format="int8_wo:asym"' 2>&1 | FileCheck %s --check-prefix=WHOLE
// WHOLE: weight format "int8_wo:asym": int8_wo:asym has no group, expected one such as int8_wo:g128,asym
// RUN: not tenon-opt %s --set-weight-formats='format="int8_wo; bf16"' 2>&1 | FileCheck %s --check-prefix=SECOND
// SECOND: "bf16" stands at place 2 of the recipe "int8_wo; bf16", expected the default format first and PATTERN=FORMAT after it
// RUN: not tenon-opt %s --set-weight-formats='format="int8_wo;"' 2>&1 | FileCheck %s --check-prefix=EMPTY
// EMPTY: entry 2 of the recipe "int8_wo;" is empty, expected FORMAT or PATTERN=FORMAT
// RUN: not tenon-opt %s --set-weight-formats='format="=bf16"' 2>&1 | FileCheck %s --check-prefix=NAMELESS
// NAMELESS: entry 1 of the recipe "=bf16" is empty
// RUN: not tenon-opt %s --set-weight-formats='format="[=bf16"' 2>&1 | FileCheck %s --check-prefix=GLOB
// GLOB: pattern "[": invalid glob pattern
// RUN: not tenon-opt %s --set-weight-formats='format="int8_wo; layers.2.*=bf16"' 2>&1 | FileCheck %s --check-prefix=UNMATCHED
// UNMATCHED: pattern "layers.2.*" matches no weight matrix, expected one of embed, layers.*.up
// RUN: not tenon-opt %s --set-weight-formats='format="gain=int8_wo"' 2>&1 | FileCheck %s --check-prefix=VECTOR
// VECTOR: pattern "gain" matches no weight matrix

model.weight @embed : tensor<64x128xf32> from #model.checkpoint<"embed", tensor<64x128xf32>> recipe []
model.weight @gain : tensor<128xf32> from #model.checkpoint<"g", tensor<128xf32>> recipe []
model.weight @layers.0.up : tensor<64x128xf32> from #model.checkpoint<"u0", tensor<64x128xf32>> recipe []
model.weight @layers.1.up : tensor<64x128xf32> from #model.checkpoint<"u1", tensor<64x128xf32>> recipe []
