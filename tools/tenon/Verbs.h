// The verbs that need no compiler, one factory each.
#pragma once

#include "tools/cli/Verb.h"

namespace tenon::cli {

std::unique_ptr<Verb> makeRunVerb();
std::unique_ptr<Verb> makeTokenizeVerb();
std::unique_ptr<Verb> makeInspectVerb();
std::unique_ptr<Verb> makeBenchVerb();
std::unique_ptr<Verb> makeKeygenVerb();
std::unique_ptr<Verb> makeSignVerb();
std::unique_ptr<Verb> makeVerifyVerb();
std::unique_ptr<Verb> makeDiffVerb();
std::unique_ptr<Verb> makeDoctorVerb();
std::unique_ptr<Verb> makeCompletionVerb();

} // namespace tenon::cli
