#pragma once

#include "audit/export.hpp"

#include <memory>

// One for each format; export.hpp chooses.
namespace wardline::audit {

std::unique_ptr<Exporter> make_csv_exporter();
std::unique_ptr<Exporter> make_fhir_exporter();
std::unique_ptr<Exporter> make_jsonl_exporter();
std::unique_ptr<Exporter> make_syslog_exporter();

}  // namespace wardline::audit
