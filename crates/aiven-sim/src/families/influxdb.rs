//! InfluxDB 1. Aiven ended it, and never listed its names.

use super::Confidence::Plugin;
use super::Row;

/// Telegraf's input influxdb.
pub(crate) const INFLUXDB: &[Row] = &[
    Row {
        levels: "n_shards",
        ..Row::of("influxdb", Plugin, "tel")
    },
    Row {
        levels: "numMeasurements numSeries",
        ..Row::of("influxdb_database", Plugin, "tel")
    },
    Row {
        levels: "queryReqActive reqActive writeReqActive",
        counts: "authFail clientError pingReq pointsWrittenDropped pointsWrittenFail \
                 pointsWrittenOK queryReq queryReqDurationNs queryRespBytes req reqDurationNs \
                 serverError statusReq writeReq writeReqBytes writeReqDurationNs",
        ..Row::of("influxdb_httpd", Plugin, "tel")
    },
    Row {
        levels: "heap_alloc heap_idle heap_inuse heap_objects heap_released heap_sys sys",
        counts: "frees mallocs num_gc pause_total_ns total_alloc",
        ..Row::of("influxdb_memstats", Plugin, "tel")
    },
    Row {
        levels: "queriesActive",
        counts: "queriesExecuted queriesFinished queryDurationNs recoveredPanics",
        ..Row::of("influxdb_queryExecutor", Plugin, "tel")
    },
    Row {
        levels: "diskBytes seriesCreate",
        counts: "fieldsCreate writeBytes writePointsDropped writePointsErr writePointsOk \
                 writeReq writeReqErr writeReqOk",
        ..Row::of("influxdb_shard", Plugin, "tel")
    },
];
