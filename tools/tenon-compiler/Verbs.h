// The verbs that need the compiler, one factory each.
#pragma once

#include "tools/cli/Verb.h"

namespace tenon::cli {

std::unique_ptr<Verb> makeCompileVerb();
std::unique_ptr<Verb> makePlanVerb();

} // namespace tenon::cli
