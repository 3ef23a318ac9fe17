// exp, tanh, erf and the bf16 conversions on vectors and scalars, in plain arithmetic: no libm, no library call, the
// same bits on every target.
#pragma once

#include "mlir/IR/PatternMatch.h"

namespace tenon::codegen {

// Rewrites math.exp, math.tanh and math.erf on f32 (each within 2 ulp; infinities, NaN and overflow as in libm, results
// below 2^-126 rounded once more) and arith.extf / arith.truncf between f32 and bf16 (to nearest even, NaN stays NaN).
void populateExpandMathPatterns(mlir::RewritePatternSet &patterns);

} // namespace tenon::codegen
