package ops

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// RegisterProcess shows the process itself: which version runs, its memory and
// goroutines (go_*, process_*).
func RegisterProcess(reg prometheus.Registerer, version string) {
	build := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: name, Name: "build_info", Help: "Always 1; the label tells the program's version.",
		ConstLabels: prometheus.Labels{"version": version}})
	build.Set(1)
	reg.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
}
