//! What every node has, whatever its type.

use super::{Confidence, Kind, Row};

/// Telegraf's inputs on every node, and Aiven's own `service_connections`.
pub(crate) const HOST: &[Row] = &[
    Row {
        measurement: "cpu",
        kind: Kind::Gauge,
        levels: "usage_guest usage_guest_nice usage_idle usage_iowait usage_irq usage_nice usage_softirq \
            usage_steal usage_system usage_user",
        counts: "",
        texts: "",
        sources: "doc, adm, gds, nais, exa",
        confidence: Confidence::Seen,
    },
    Row {
        measurement: "disk",
        kind: Kind::Gauge,
        levels: "free inodes_free inodes_total inodes_used total used used_percent",
        counts: "",
        texts: "",
        sources: "doc, adm, gds, nais",
        confidence: Confidence::Seen,
    },
    Row {
        measurement: "diskio",
        kind: Kind::Counter,
        levels: "iops_in_progress",
        counts: "io_time merged_reads merged_writes read_bytes read_time reads weighted_io_time \
            write_bytes write_time writes",
        texts: "",
        sources: "doc, gds",
        confidence: Confidence::Seen,
    },
    Row {
        measurement: "kernel",
        kind: Kind::Counter,
        levels: "boot_time entropy_avail",
        counts: "context_switches interrupts processes_forked",
        texts: "",
        sources: "doc, dev",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "mem",
        kind: Kind::Gauge,
        levels: "active available available_percent buffered cached commit_limit committed_as dirty free \
            high_free high_total huge_page_size huge_pages_free huge_pages_total inactive low_free \
            low_total mapped page_tables shared slab sreclaimable sunreclaim swap_cached swap_free \
            swap_total total used used_percent vmalloc_chunk vmalloc_total vmalloc_used write_back \
            write_back_tmp",
        counts: "",
        texts: "",
        sources: "doc, adm, gds, nais",
        confidence: Confidence::Seen,
    },
    Row {
        measurement: "net",
        kind: Kind::Counter,
        levels: "",
        counts: "bytes_recv bytes_sent drop_in drop_out err_in err_out packets_recv packets_sent",
        texts: "",
        sources: "doc, gds",
        confidence: Confidence::Seen,
    },
    Row {
        measurement: "net",
        kind: Kind::Untyped,
        levels: "ip_defaultttl ip_forwarding tcp_currestab tcp_maxconn tcp_rtoalgorithm tcp_rtomax \
            tcp_rtomin",
        counts: "icmp_inaddrmaskreps icmp_inaddrmasks icmp_incsumerrors icmp_indestunreachs \
            icmp_inechoreps icmp_inechos icmp_inerrors icmp_inmsgs icmp_inparmprobs icmp_inredirects \
            icmp_insrcquenchs icmp_intimeexcds icmp_intimestampreps icmp_intimestamps \
            icmp_outaddrmaskreps icmp_outaddrmasks icmp_outdestunreachs icmp_outechoreps \
            icmp_outechos icmp_outerrors icmp_outmsgs icmp_outparmprobs icmp_outratelimitglobal \
            icmp_outratelimithost icmp_outredirects icmp_outsrcquenchs icmp_outtimeexcds \
            icmp_outtimestampreps icmp_outtimestamps icmpmsg_intype3 icmpmsg_intype8 \
            icmpmsg_outtype0 icmpmsg_outtype3 ip_forwdatagrams ip_fragcreates ip_fragfails \
            ip_fragoks ip_inaddrerrors ip_indelivers ip_indiscards ip_inhdrerrors ip_inreceives \
            ip_inunknownprotos ip_outdiscards ip_outnoroutes ip_outrequests ip_reasmfails \
            ip_reasmoks ip_reasmreqds ip_reasmtimeout tcp_activeopens tcp_attemptfails \
            tcp_estabresets tcp_incsumerrors tcp_inerrs tcp_insegs tcp_outrsts tcp_outsegs \
            tcp_passiveopens tcp_retranssegs udp_ignoredmulti udp_incsumerrors udp_indatagrams \
            udp_inerrors udp_memerrors udp_noports udp_outdatagrams udp_rcvbuferrors \
            udp_sndbuferrors udplite_ignoredmulti udplite_incsumerrors udplite_indatagrams \
            udplite_inerrors udplite_memerrors udplite_noports udplite_outdatagrams \
            udplite_rcvbuferrors udplite_sndbuferrors",
        texts: "",
        sources: "doc, dev",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "netstat",
        kind: Kind::Untyped,
        levels: "tcp_close tcp_close_wait tcp_closing tcp_established tcp_fin_wait1 tcp_fin_wait2 \
            tcp_last_ack tcp_listen tcp_none tcp_syn_recv tcp_syn_sent tcp_time_wait udp_socket",
        counts: "",
        texts: "",
        sources: "doc, dev",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "processes",
        kind: Kind::Gauge,
        levels: "blocked dead idle paging running sleeping stopped total total_threads unknown zombies",
        counts: "",
        texts: "",
        sources: "doc, dev",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "service_connections",
        kind: Kind::Untyped,
        levels: "limit_avg_per_second limit_burst",
        counts: "accepted dropped",
        texts: "",
        sources: "doc, dev",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "swap",
        kind: Kind::Counter,
        levels: "",
        counts: "in out",
        texts: "",
        sources: "doc, dev",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "swap",
        kind: Kind::Gauge,
        levels: "free total used used_percent",
        counts: "",
        texts: "",
        sources: "doc, dev",
        confidence: Confidence::Listed,
    },
    Row {
        measurement: "system",
        kind: Kind::Counter,
        levels: "",
        counts: "uptime",
        texts: "",
        sources: "doc, adm, gds",
        confidence: Confidence::Seen,
    },
    Row {
        measurement: "system",
        kind: Kind::Gauge,
        levels: "load1 load15 load5 n_cpus n_unique_users n_users",
        counts: "",
        texts: "",
        sources: "doc, adm, gds",
        confidence: Confidence::Seen,
    },
];
