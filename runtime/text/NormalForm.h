// Unicode normalization forms.
#pragma once

#include "runtime/text/SplitText.h"

namespace tenon::text {

enum class NormalForm { Composed, Decomposed, CompatibilityComposed, CompatibilityDecomposed };

// Time is O(n log n) for any text, long runs of combining marks included. False when memory runs out.
[[nodiscard]] bool normalize(NormalText &text, NormalForm form);

} // namespace tenon::text
