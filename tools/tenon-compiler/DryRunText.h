// A dry run for people and for programs.
#pragma once

#include "compiler/driver/DryRun.h"

namespace tenon::cli {

std::string dryRunText(const DryRun &run);
// One line, schema_version 1, with its newline.
std::string dryRunJson(const DryRun &run);

} // namespace tenon::cli
