// SPDX-License-Identifier: MIT
// Power from a counter of energy that moves in steps.
#pragma once

#include <cmath>

#include "statistics.hpp"

namespace deepgemm::bench {

/// The mean power between two movements of an energy counter: the first and the last that were seen. A board's counter stands
/// still for up to a tenth of a second between movements, so its values at other moments are older than they seem.
class energy_meter {
public:
    /// The counter stands at `joules` at the time `seconds` of any clock. Times do not decrease. An unknown value is passed
    /// over.
    void look(double seconds, double joules) {
        if (!std::isfinite(joules)) return;
        const bool moved = looked_ && joules != now_;
        looked_ = true;
        now_ = joules;
        if (!moved) return;
        if (movements_++ == 0) first_ = {seconds, joules};
        last_ = {seconds, joules};
    }
    /// In watts; not_measured unless movements at least 0.1 s apart were seen.
    double watts() const {
        const double seconds = last_.seconds - first_.seconds;
        return movements_ > 1 && seconds >= 0.1 ? (last_.joules - first_.joules) / seconds : not_measured;
    }

private:
    struct movement {
        double seconds = 0, joules = 0;
    };
    bool looked_ = false;
    double now_ = 0;
    int movements_ = 0;
    movement first_, last_;
};

}  // namespace deepgemm::bench
