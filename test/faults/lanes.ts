/** How the streams of lanes are named: written apart from `src`, since operators see these names. */

export const LANE_PREFIX = "STOCKGRID_LANE_";
